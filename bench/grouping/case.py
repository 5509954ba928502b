"""How a case is written down: the code of an application, and calls of it that must be one problem or several."""

from textwrap import dedent

PROBLEMS = ("one", "two", "three", "four", "five", "six")


def call(expression, **how):
    """An expression in the application's module, and where it is run.

    root: the folder of the application; file: its module's path below that; code: another version of it;
    shift: by how many lines it has moved; python: the version; sourceless: its source is gone; zipped: it is in an archive
    """
    return {"expression": expression, **how}


def case(name, code, *, file="shop/orders.py", pythons=False, own=False, old=True, **problems):
    """A case: `one`, `two`, … are the problems in it, each a list of calls.

    own: the calls do not raise, they make the SDK hear of something. old: the old client tells of each first call, too.
    pythons: the first call of each problem is made in older and newer Pythons, too.
    """
    if not problems.keys() <= set(PROBLEMS):
        raise ValueError(f"{name}: a problem is called {', '.join(PROBLEMS)}")
    told = {
        problem: [each if isinstance(each, dict) else call(each) for each in calls]
        for problem, calls in problems.items()
    }
    return {
        "name": name,
        "code": dedent(code).lstrip("\n"),
        "file": file,
        "pythons": pythons,
        "own": own,
        "old": old,
        "problems": told,
    }
