"""How should an experiment be run: how many units, how long, how looked at, and what would that tell?"""
