"""Calibration: records and protocols to S_TC and R_P with covariance, budget and certificate."""
