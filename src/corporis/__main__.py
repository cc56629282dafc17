"""``python -m corporis``: the same as the command ``corporis``."""

from corporis.cli import main

if __name__ == "__main__":
    main()
