"""Requests, answers, streams and usage of the APIs that the gateway speaks: pure, bytes in and values out."""
