"""Did what was tried make a difference, how large, and how sure?"""
