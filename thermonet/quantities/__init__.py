"""The ground floor: units at the door, uncertain inputs, formatting, errors, constants."""
