"""The API as a function on Vercel."""
