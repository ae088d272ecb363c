"""The rules that the vocabulary and its concept schemes keep: functions over a graph that yield faults.

The numbers (V, T, K) are those of the project's list of automatic checks; each rule names what it was taken from.
"""
