from harness.dialects.carriers.signature import signature


def test_the_documented_example_is_signed_as_documented() -> None:
    form = {
        "To": "+18005551212",
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
    }
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", address, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_an_upgrade_is_signed_by_its_address_alone() -> None:
    assert signature("12345", "wss://app.example/media") == "SUhmg9f9i+KwSRVVPezfLWezo9Y="
