"""What people read: pull request texts and terminal listings."""
