"""The main job: build, verify, prove, count, measure, and the document of it. Must not know how results are shown."""
