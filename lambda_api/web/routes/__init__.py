"""The routes, one module per group. Handlers are thin: a request becomes a use case, its result a response.

They are `async def` so that no thread pool is started, and call blocking code on purpose: an execution environment of
Lambda handles one request at a time.
"""

from __future__ import annotations

from lambda_api.web.routes import costs, fonts, jobs, links, pages, runpod, service, submit, uploads, webhooks

# Passed on as routes: FastAPI makes the routes of an included router a second time, at the first request.
ROUTES = [
    route
    for router in (
        service.router,
        pages.router,
        submit.router,
        uploads.router,
        fonts.router,
        jobs.router,
        links.router,
        links.shared,
        costs.router,
        webhooks.router,
        runpod.router,
    )
    for route in router.routes
]
