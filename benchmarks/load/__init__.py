"""The whole system under load and faults: is any job lost, doubled, or told of wrongly; does the sweeper keep up?"""
