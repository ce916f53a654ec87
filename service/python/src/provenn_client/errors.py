"""Errors of the service."""

from __future__ import annotations

from .types import Job, Problem


class ProvennError(Exception):
    """The service refused a request, or could not serve it."""

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        #: Stable identifier of the error.
        self.code = problem.get("code", "unknown")
        self.detail = problem.get("detail", "")
        self.help = problem.get("help", "")
        super().__init__(f"{self.code}: {self.detail}" + (f" ({self.help})" if self.help else ""))


class JobFailed(ProvennError):
    """A job ended without a result."""

    def __init__(self, job: Job) -> None:
        self.job = job
        ended: Problem = {"code": job["state"], "detail": f"the job ended as {job['state']}"}
        problem = job.get("error", ended)
        super().__init__(problem.get("status", 0), problem)
