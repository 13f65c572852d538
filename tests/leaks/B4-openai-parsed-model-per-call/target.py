"""A response is parsed into a model that is made for this one call; the answer is made up here."""

import httpx
import openai
from pydantic import create_model

ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "stub",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": '{"name": "Ada"}'},
        }
    ],
}
transport = httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER))
client = openai.OpenAI(api_key="none", http_client=httpx.Client(transport=transport))


def call():
    person = create_model("Person", name=(str, ...))
    completion = client.chat.completions.parse(
        model="stub",
        messages=[{"role": "user", "content": "Who?"}],
        response_format=person,
    )
    return completion.choices[0].message.parsed.name
