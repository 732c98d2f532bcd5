"""Models at hand: finding, fetching and describing them, without torch.

Here live the catalogue of embedded models and the cache, the resolution of a name to a folder that the trainer
can load, what is read from that folder (shapes, tokenizer, template), token counting and memory arithmetic.
Running a model does not belong here: the one step that needs torch, converting a GGUF file, is a job of the
trainer.
"""
