"""Evaluations on HF Jobs: the same runner as on this machine, on hardware that is paid by the minute.

    submit ──► follow ──► collect        a job is found again by its run key, whoever waits for it

`submit` starts the job or finds the one that does the same, `follow` waits for its end, `collect` brings its results.
The token with write access stays here; a job gets one that can only read, or none.
"""

from evalbot.evaluate.jobs.collection import collect, find
from evalbot.evaluate.jobs.spec import JobRequest
from evalbot.evaluate.jobs.submission import BucketChoice, Submitted, submit
from evalbot.evaluate.jobs.watch import Finished, Watching, follow

__all__ = ["BucketChoice", "Finished", "JobRequest", "Submitted", "Watching", "collect", "find", "follow", "submit"]
