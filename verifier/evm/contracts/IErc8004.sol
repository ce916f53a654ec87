// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Of the validation registry of ERC-8004 (a draft, with `tag` a string) what a validator calls.
interface IValidationRegistry {
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external;

    /// The first two of the words that it returns.
    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (address validatorAddress, uint256 agentId);
}
