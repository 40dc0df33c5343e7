"""A model of Inference Providers, as inspect-ai asks it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from .failures import Failure
from .inspect_models import LONGEST_ANSWER, AskedModel, Pulse

if TYPE_CHECKING:
    from .options import ModelUnderTest, Options

ROUTER = "https://router.huggingface.co/v1"
_RETRIES = 6
"""Of a request that was refused for now: providers limit how often they are asked. Six take about three minutes."""
_ASK_SECONDS = 20.0
_REFUSED = (401, 403)


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token would go along, to whatever host."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


def behind_provider(model: ModelUnderTest, options: Options, base_url: str | None, token: str) -> AskedModel:
    """The model at `base_url`, or at the Hub's router. Raises `Failure` where nobody answers, or not with it."""
    from inspect_ai.model import GenerateConfig, ModelInfo, get_model, set_model_info

    address = (base_url or ROUTER).rstrip("/")
    _must_answer(address, token)
    name = f"hf-inference-providers/{model.id}"
    for each in (name, model.id):
        set_model_info(each, ModelInfo())
    config = GenerateConfig(seed=options.seed, max_retries=_RETRIES, attempt_timeout=int(options.request_timeout))
    made = get_model(name, base_url=address, api_key=token, config=config, memoize=False)
    # The providers apply the model's own template; whether there is one, they do not say.
    return AskedModel(
        made,
        chat_template=True,
        longest=LONGEST_ANSWER,
        pulse=Pulse(),
        connections=options.concurrency,
        parallel_tasks=2,
    )


def _must_answer(address: str, token: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - the address was checked to be https, or on this machine
        f"{address}/models", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        urllib.request.build_opener(_Nowhere()).open(request, timeout=_ASK_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in _REFUSED:
            raise Failure("gated-model", f"The token was refused with status {error.code}.") from None
    except ValueError:  # its words would repeat the token
        raise Failure("gated-model", "HF_TOKEN has characters that no token has.") from None
    except (OSError, http.client.HTTPException) as error:
        raise Failure("server-not-healthy", f"Inference Providers could not be reached: {error}.") from None
