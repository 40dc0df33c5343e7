"""README text → Scores: which tables a card holds, which of them are evaluations, and one model's numbers.

tables.py       Markdown tables with their numbers, headings and lines
plain.py        one cell's Markdown → plain text
numbers.py      one cell's text → decimals, or the reason why it holds none
words.py        what words mean in this field, as data
wording.py      how labels compare: folded words, head noun, metric and benchmark names
quantities.py   labels that measure something else than quality
roles.py        what one label means
labels.py       a benchmark label → benchmark, metric, shots, direction, unit
names.py        does a label name the wanted model
grid.py         one table's rows and columns: header rows, sections, label and value columns
orientation.py  where the models stand, and whether this is an evaluation at all
survey.py       every table of a card, as `inspect-tables` prints it
choice.py       the one table a user means
systems.py      columns and rows of other systems, of parts of one, and of other runs
whole.py        tables that name no model, or only another one
rows.py         the names every row goes by
models.py       the one model a user means in a table
places.py       its cells, with everything the table says about each
scores.py       one row or column of numbers → Scores
extract.py      all of it for one model
"""
