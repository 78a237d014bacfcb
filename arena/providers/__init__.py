"""One file per model API; each offers `build(name, settings)`.

chat.py serves every Chat Completions endpoint, openai.py Responses, anthropic.py Messages; replay.py answers from a
recorded run. quirks.py lists what servers refuse. Mock models live in their family. Start with chat.py.
"""
