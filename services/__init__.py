"""Everything outside: cache, queue, mail. Each behind a few plain functions that translate its errors."""
