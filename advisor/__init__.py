"""The walk from "I have a task" to a measured answer: plan, data, cheap options, verdict, comparison, report.

The commands (and later the wizard) are two front ends over one core. torch is never imported here: everything
that needs a model runs in a child process (`trainer`).
"""

__version__ = "0.1.0"
