"""The words that modes are made of: steps, requirements and findings; nothing runs here.

A function ``validate…`` raises Refused for what it does not accept.
"""
