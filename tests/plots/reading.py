"""What a figure shows, read from its axes."""


def lines(ax):
    """Return what is drawn, by its label."""
    labelled = [line for line in ax.lines if line.get_label()[0] != "_"]
    return {line.get_label(): line.get_ydata().tolist() for line in labelled}


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]
