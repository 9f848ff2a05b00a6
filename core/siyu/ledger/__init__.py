"""Ledgers as people look at them: statements, closed months, reversals, opening balances, and their audit.

Each incentive has one ledger in one unit: points, pieces, or minor units of money. A balance is the sum of ``amount``
over its lines, which are never changed and never taken out. A line of positive amount may make a lot: ``lot`` names it,
and it can be used from ``available`` on, until ``expires``. What is left of a lot is the sum over the lines of its
incentive, member, item and lot; below zero it is a debt.

Of the kinds of lines, ``earned``, ``reversed``, ``expired`` and those of a plugin's own are by facts, ``opened`` and
``corrected`` by people, and the others by claims: ``granted``; ``reserved``, which is then ``confirmed`` or
``released``; ``waiting``; ``transferred``; and in a ledger that pays for a claim ``redeemed`` and ``restored``.
A line ``refused`` has the amount 0 and says why.
"""
