"""Exposure, the denominators: sessions, orders or active devices from any table of them, by day or hour."""
