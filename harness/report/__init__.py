"""What people read: the result table and the HTML page, both views of `summary.json`.

The only room that knows pandas, matplotlib and jinja2. It computes no statistic of its own;
text from servers and corpora is escaped.
"""
