"""HF Jobs on this machine: what a job's specification asks for is really run, as a local process.

    routes/jobs ── store ── runner ── process     one thread and one process group a job
          │          │         └───── volumes     buckets and repositories as folders
          │          ├── job ── spec, hardware    what was asked for and what became of it, as the Hub's JSON
          │          └── log                      what it printed
          └──────── stream ── reader              the log as server-sent events, while somebody reads

What differs from the Hub, knowingly: docs/hub-api.md, Jobs.
"""
