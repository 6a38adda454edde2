"""Old and new names, ranks, caches and sleep, engine by engine."""

from costtui.domain.reading import EngineReading
from costtui.engines import llamacpp, ollama, sglang, tgi, vllm


def read_vllm(text: str) -> EngineReading:
    reading = vllm.parse(text.encode(), 1)
    assert reading is not None
    return reading


def read_sglang(text: str) -> EngineReading:
    reading = sglang.parse(text.encode(), 1)
    assert reading is not None
    return reading


def test_vllm_ranks_are_summed_and_their_cache_use_is_the_mean() -> None:
    reading = read_vllm(
        'vllm:prompt_tokens_total{engine="0"} 100\nvllm:prompt_tokens_total{engine="1"} 50\n'
        'vllm:num_requests_running{engine="0"} 2\nvllm:num_requests_running{engine="1"} 3\n'
        'vllm:kv_cache_usage_perc{engine="0"} 0.2\nvllm:kv_cache_usage_perc{engine="1"} 0.4\n'
    )
    assert (reading.input_tokens, reading.running) == (150, 5)
    assert abs((reading.kv_usage_ratio or 0) - 0.3) < 1e-9


def test_an_older_vllm_is_read_by_its_older_names() -> None:
    reading = read_vllm(
        "vllm:gpu_cache_usage_perc 0.5\nvllm:gpu_prefix_cache_queries_total 10\nvllm:gpu_prefix_cache_hits_total 4\n"
        "vllm:generation_tokens_total 9\n"
    )
    assert (reading.kv_usage_ratio, reading.prefix_cache_queries, reading.prefix_cache_hits) == (0.5, 10, 4)
    assert (reading.output_tokens, reading.input_tokens, reading.running, reading.sleeping) == (9, None, None, None)


def test_vllm_cached_tokens_come_from_their_sources_where_no_total_is_given() -> None:
    reading = read_vllm(
        'vllm:prompt_tokens_by_source_total{source="local_compute"} 60\n'
        'vllm:prompt_tokens_by_source_total{source="local_cache_hit"} 30\n'
        'vllm:prompt_tokens_by_source_total{source="external_kv_transfer"} 10\n'
    )
    assert reading.cached_input_tokens == 40


def test_a_vllm_whose_new_counter_is_damaged_does_not_fall_back_to_another() -> None:
    reading = read_vllm(
        'vllm:prompt_tokens_cached_total NaN\nvllm:prompt_tokens_by_source_total{source="local_cache_hit"} 30\n'
    )
    assert reading.cached_input_tokens is None


def test_vllm_sleeps_only_when_no_rank_is_awake() -> None:
    asleep = 'vllm:engine_sleep_state{engine="0",sleep_state="awake"} 0\n'
    assert read_vllm(asleep).sleeping is True
    assert read_vllm(asleep + 'vllm:engine_sleep_state{engine="1",sleep_state="awake"} 1\n').sleeping is False


def test_sglang_counts_a_request_once_for_all_tensor_ranks() -> None:
    reading = read_sglang(
        "".join(f'sglang:num_running_reqs{{tp_rank="{rank}",dp_rank="0"}} 4\n' for rank in (1, 0, 10, 2))
        + "".join(f'sglang:num_running_reqs{{tp_rank="{rank}",dp_rank="1"}} 3\n' for rank in (4, 5))
    )
    assert reading.running == 7


def test_sglang_without_rank_labels_is_read_as_it_is() -> None:
    assert read_sglang("sglang:num_running_reqs 4\n").running == 4


def test_sglang_busy_seconds_are_those_of_its_busiest_rank() -> None:
    reading = read_sglang(
        'sglang:forward_execution_seconds_total{dp_rank="0",category="prefill"} 1.5\n'
        'sglang:forward_execution_seconds_total{dp_rank="0",category="decode"} 2.5\n'
        'sglang:forward_execution_seconds_total{dp_rank="1",category="decode"} 3\n'
    )
    assert reading.busy_seconds == 4.0


def test_llamacpp_input_is_what_was_processed_plus_what_was_reused() -> None:
    reading = llamacpp.parse(b"llamacpp:prompt_tokens_total 58\nllamacpp:prompt_tokens_cached_total 110\n", 1)
    assert reading is not None
    assert (reading.input_tokens, reading.cached_input_tokens) == (168, 110)


def test_an_older_llamacpp_tells_its_cache_use_and_no_reused_tokens() -> None:
    reading = llamacpp.parse(b"llamacpp:prompt_tokens_total 58\nllamacpp:kv_cache_usage_ratio 0.25\n", 1)
    assert reading is not None
    assert (reading.input_tokens, reading.cached_input_tokens, reading.kv_usage_ratio) == (58, None, 0.25)


def test_llamacpp_input_is_unknown_while_the_reused_tokens_are_damaged() -> None:
    reading = llamacpp.parse(b"llamacpp:prompt_tokens_total 58\nllamacpp:prompt_tokens_cached_total NaN\n", 1)
    assert reading is not None
    assert reading.input_tokens is None


def test_an_ollama_without_a_resident_model_sleeps() -> None:
    assert ollama.parse(b'{"models": []}', 1) == EngineReading(1, sleeping=True)


def test_an_ollama_with_a_resident_model_never_says_that_nothing_runs() -> None:
    reading = ollama.parse(b'{"models": [{"name": "a\\u001b[31m", "size_vram": 1}]}', 1)
    assert reading == EngineReading(1, models=("a[31m",), sleeping=False)


def test_a_list_of_models_on_disk_is_no_ollama_process_list() -> None:
    assert ollama.parse(b'{"models": [{"name": "a", "size": 1}]}', 1) is None


def test_tgi_cache_use_is_unknown_without_its_limit() -> None:
    held = b"tgi_batch_current_max_tokens 50\n"
    limit = b"tgi_batch_max_total_tokens 200\n"
    both, one = tgi.parse(held + limit, 1), tgi.parse(held, 1)
    assert both is not None
    assert both.kv_usage_ratio == 0.25
    assert one is not None
    assert one.kv_usage_ratio is None


def test_a_model_name_cannot_steer_the_terminal() -> None:
    assert read_vllm('vllm:num_requests_running{model_name="a\x1b[2J"} 1\n').models == ("a[2J",)
