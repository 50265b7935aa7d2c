"""What is drawn and printed: `series` reads what a figure shows from results, without matplotlib;
`figure` paints it; `page` is a set of studies as one HTML file; `table` prints to the terminal.
"""
