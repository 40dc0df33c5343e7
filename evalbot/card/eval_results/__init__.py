"""The Hub's second format: files in `.eval_results`, one for each benchmark variant."""
