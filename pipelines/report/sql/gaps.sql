-- Days on which no source of the product spoke although it should have: what was counted on them is unknown.
SELECT day FROM product_gaps WHERE product = $product AND day BETWEEN $baseline_from AND $last_day;
