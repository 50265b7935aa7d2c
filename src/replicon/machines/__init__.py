"""Machines that learn from a user's data: estimators with scikit-learn's conventions."""
