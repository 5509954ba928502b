"""The lines that connect a service, for whoever shows them: `aiops serve` and the page Set-up say the same."""

from dataclasses import dataclass

from aiops_platform.core.sdk_wheel import SDK_WHEEL


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to do, and the lines to paste for it. `name` tells the steps apart."""

    name: str
    do: str
    lines: str


def steps(*, url: str, key: str) -> tuple[Step, ...]:
    """How a service is connected to the platform at `url` with this API key, in order."""
    variables = {
        "AIOPS_API_KEY": key,
        "AIOPS_PLATFORM_URL": url,
        "AIOPS_SERVICE_NAME": "my-service",
        "AIOPS_ENV": "production",
    }
    return (
        Step(
            name="install",
            do="Install the SDK where the service is installed",
            lines=f"pip install {url}/sdk/{SDK_WHEEL}",
        ),
        Step(
            name="env",
            do="Set these in the environment that starts it",
            lines="\n".join(f"export {name}={value}" for name, value in variables.items()),
        ),
        Step(
            name="python",
            do="Add this to its code, as early as you can",
            lines="import aiops_sdk\n\naiops_sdk.init()",
        ),
        Step(
            name="flask",
            do="With Flask, add this where the app is made",
            lines="aiops_sdk.init_flask(app)",
        ),
    )
