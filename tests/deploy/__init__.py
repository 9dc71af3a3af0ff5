"""What deploy/ holds for a platform, run as that platform runs it, as far as this machine can."""
