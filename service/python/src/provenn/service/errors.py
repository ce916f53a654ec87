"""Errors of the service."""

from __future__ import annotations

from ..errors import ProvennError
from .types import Job, Problem


class ServiceError(ProvennError):
    """The service refused a request, or could not serve it."""

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        super().__init__(problem.get("code", "unknown"), problem.get("detail", ""), problem.get("help", ""))


class JobFailed(ServiceError):
    """A job ended without a result."""

    def __init__(self, job: Job) -> None:
        self.job = job
        ended: Problem = {"code": job["state"], "detail": f"the job ended as {job['state']}"}
        problem = job.get("error", ended)
        super().__init__(problem.get("status", 0), problem)
