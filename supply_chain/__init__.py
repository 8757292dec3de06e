"""What Tribometer is made of: licences, a bill of materials, no secrets in the tree. No part of the product."""
