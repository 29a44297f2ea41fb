"""The people with an account at the servers, and their passwords."""

PEOPLE = {"alice": "wonderland", "bob": "construction"}
"""The first of them is the one who sits at the browser, unless a test says otherwise."""

ALICE, BOB = PEOPLE
