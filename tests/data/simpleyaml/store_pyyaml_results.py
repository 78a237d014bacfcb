"""Fill `value` of every case in valid.json with what PyYAML reads: python3 store_pyyaml_results.py (needs PyYAML)."""

import json
from pathlib import Path

import yaml

path = Path(__file__).with_name("valid.json")
stored = json.loads(path.read_text(encoding="utf-8"))
for case in stored["cases"]:
    case["value"] = yaml.safe_load(case["yaml"])
stored["computed_with"] = f"PyYAML {yaml.__version__}, yaml.safe_load"
path.write_text(json.dumps(stored, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
