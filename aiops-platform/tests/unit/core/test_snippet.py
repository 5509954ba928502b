"""The lines that connect a service."""

from aiops_platform.core import snippet


def test_they_name_everything_that_a_service_needs():
    steps = {step.name: step.lines for step in snippet.steps(url="https://aiops.example.com", key="aiops_k")}
    assert list(steps) == ["install", "env", "python", "flask"]
    assert steps["install"].startswith("pip install https://aiops.example.com/sdk/aiops_sdk-")
    assert steps["env"].splitlines() == [
        "export AIOPS_API_KEY=aiops_k",
        "export AIOPS_PLATFORM_URL=https://aiops.example.com",
        "export AIOPS_SERVICE_NAME=my-service",
        "export AIOPS_ENV=production",
    ]


def test_what_is_pasted_is_python_and_starts_the_sdk_once():
    steps = {step.name: step.lines for step in snippet.steps(url="http://127.0.0.1:8400", key="aiops_k")}
    both = f"{steps['python']}\n{steps['flask']}\n"
    compile(both, "snippet", "exec")
    assert both.count("aiops_sdk.init()") == 1
