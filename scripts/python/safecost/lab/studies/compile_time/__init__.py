"""Compile time: sources with so many uses of each way to write a task, and the processor time of compiling them.

It must not know the cases, whose run time is another question.
"""
