"""One file per Lambda function: all that the deployment knows of this package.

Imports make a great many objects and no garbage, and looking for it meanwhile is a tenth of a cold start. So none is
collected until a function is `ready`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

gc.disable()


def freeze_gc_after_init(start: Callable[[], object] | None = None) -> None:
    """Make what each event needs: a wrong setting stops the function here, not a request.

    Collect garbage from now on, and never look at what is there already: it stays.
    """
    if start is not None:
        start()
    gc.freeze()
    gc.enable()
