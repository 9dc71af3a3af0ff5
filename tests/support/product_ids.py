"""What a product may be called, and what not."""

PRODUCT_IDS = [
    "x",
    "-",
    "A.b-C_9",
    "Blue Shirt",
    " padded ",
    "SKU/42",
    "a//b",
    "a/../b",
    "größe-xl",
    "日本の本",
    "😀" * 64,
    "👩\u200d🚀",  # one sign to the eye, joined of two
    "100%",
    "50%25",
    "a+b&c=d?e#f;g",
    "$set",
    "{}",
    "__proto__",
    '"><script>alert(1)</script>',
    "\\n",
    "' OR 1=1 --",
    "null",
]
NOT_PRODUCT_IDS = [
    "",
    " ",
    "\u3000\u00a0 ",  # spaces, all of them
    "x" * 65,
    "a\n",
    "\na",
    "a\r\nlevel=error",
    "a\tb",
    "\x00",
    "a\x7f",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "\u202egnp.exe",  # would be read from right to left
    "a\u2066b",
    "a\u200fb",
    "a\u200bb",  # cannot be seen
    "\ufeffa",
    "a\ufffdb",  # what broken encoding leaves
]
