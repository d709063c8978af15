"""The whole report: figures and tables by their ids, the ledger of agreement, the index page."""
