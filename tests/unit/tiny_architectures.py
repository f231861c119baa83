"""OpenCLIP configurations of every kind of architecture, small enough for tests."""

VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
TEXT = {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
CONFIGS = {
    "tiny-clip": {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT},
    "tiny-resnet": {
        "embed_dim": 24,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None},
        "text_cfg": TEXT,
    },
    "tiny-mobile": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "no_causal_mask": True},
    },
    "tiny-siglip": {
        "embed_dim": 24,
        "custom_text": True,
        "init_logit_bias": -10,
        "vision_cfg": VISION,
        "text_cfg": {
            **TEXT,
            "vocab_size": 4000,
            "hf_tokenizer_name": "timm/ViT-B-16-SigLIP2",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
        },
    },
    "tiny-fastvit": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "timm_model_name": "fastvit_small_mci0",
            "timm_pool": "avg",
            "timm_proj": None,
            "image_size": 64,
        },
        "text_cfg": {**TEXT, "no_causal_mask": True},
    },
    "tiny-pe": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "timm_model_name": "vit_small_pe_core",
            "timm_pool": "map",
            "timm_proj": None,
            "image_size": 64,
        },
        "text_cfg": {**TEXT, "context_length": 32},
    },
    "tiny-eva": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "timm_model_name": "eva02_small_clip",
            "timm_pool": "token",
            "timm_proj": None,
            "image_size": 64,
        },
        "text_cfg": TEXT,
    },
    "tiny-coca": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {**VISION, "attentional_pool": True, "attn_pooler_heads": 2,
                       "output_tokens": True},
        "text_cfg": {**TEXT, "embed_cls": True, "output_tokens": True},
        "multimodal_cfg": {**TEXT, "attn_pooler_heads": 2},
    },
}  # fmt: skip
