"""README text → Scores: which tables a card holds, which of them are evaluations, and one model's numbers.

tables.py       the tables of a card with their numbers, within stated limits
blocks.py       one pass over a card's blocks: its tables, and the headings and sentences above each
html_tables.py  HTML tables as grids, by the skeleton of their tags
table.py        a table as a rectangular grid of cells
plain.py        one cell's Markdown → plain text
numbers.py      one cell's text → decimals, or the reason why it holds none
words.py        what words mean in this field, as data
wording.py      how labels compare: folded words, head noun, metric and benchmark names
quantities.py   labels that measure something else than quality
roles.py        what one label means
profile.py      what a run of numbers looks like: measured, set, or a share of others
labels.py       a benchmark label → benchmark, metric, shots, direction, unit
names.py        does a label name the wanted model
titles.py       whose a table is by what stands above it
header.py       the rows that name the columns, and other heads further down
columns.py      what one column is; company.py: what it is beside the others
labelling.py    which column names the rows, and which rows hold scores
grid.py         one table's rows and columns: header rows, sections, label and value columns
not_scores.py   why a table of numbers holds no evaluation scores
orientation.py  where the models stand, and whether this is an evaluation at all
survey.py       every table of a card, as `inspect-tables` prints it
choice.py       the one table a user means
systems.py      columns and rows of other systems, of parts of one, and of other runs
whole.py        tables that name no model, or only another one
rows.py         the names every row goes by
measures.py     rows under a head of metrics: measures of this model, or settings, counts and others
models.py       the one model a user means in a table
places.py       its cells, with everything the table says about each
compound.py     what the numbers of a compound cell are called
scale.py        whether a score is printed out of 100 or out of 1
side_by_side.py lists of models printed beside each other in one table
scores.py       one row or column of numbers → Scores
extract.py      all of it for one model
"""
