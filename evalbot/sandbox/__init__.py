"""A Hugging Face Hub for your own machine: real git repositories behind the Hub's wire API.

    server ── app ── routes/* ── repos ── git_store      bare git repositories (pygit2), ref_journal: as they were
               │        │          └───── discussions    discussions and pull requests
               │        ├── access ────── accounts       users, organisations, tokens and their permissions
               │        ├── card_check ── card_yaml      what the Hub accepts in a card's front matter
               │        ├── benchmarks, eval_results, leaderboard    datasets that are benchmarks, and their scores
               │        ├── file_content, byte_range, model_files    bytes of any size; what a model's files are
               │        ├── jobs ──────── buckets, xet   jobs really run as processes; folders that they share
               │        └── shapes, people, pages        state → JSON for the clients, pages for people
               └── faults, damage, request_log           what tests inject and what they look at; fault_rules: as files

docs/hub-api.md is the wire contract: what `huggingface_hub`, its `hf` command and huggingface.js send and need.
Starlette, uvicorn and pygit2 are imported by the modules below only, never by this file, so that evalbot without its
`sandbox` extra works as long as nobody starts a sandbox.

Where it differs from the Hub, knowingly: large file storage of repositories (LFS, xet), Spaces, scheduled jobs,
webhooks and collections are not there (uploads of binary files answer 501); jobs run without a container; a request
holds at most 32 MiB; .gitignore is not looked at during uploads; the list of licenses is a snapshot; likes, downloads
and reactions are always none.
"""
