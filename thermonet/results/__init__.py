"""What a study hands over: quantities, checks and tables, their JSON, and the folder of a run."""
