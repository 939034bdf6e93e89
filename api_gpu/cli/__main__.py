from __future__ import annotations

from api_gpu.cli.main import main

if __name__ == "__main__":
    main()
